// Goroutines makes thousands of goroutines that wait for each other. A second
// argument says how many rounds (for traces of any size), a third how many
// goroutines a round.
package main

import (
	"log"
	"os"
	"runtime/trace"
	"strconv"
	"sync"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	rounds, width := 1, 2000
	if len(os.Args) > 2 {
		rounds = number(os.Args[2])
	}
	if len(os.Args) > 3 {
		width = number(os.Args[3])
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	for i := 0; i < rounds; i++ {
		round(width)
	}
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func round(width int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	gate := make(chan struct{})
	chain := make(chan int)
	first := chain
	total := 0
	for i := 0; i < width; i++ {
		next := make(chan int)
		wg.Add(1)
		go func(i int, in <-chan int, out chan<- int) {
			defer wg.Done()
			<-gate
			mu.Lock()
			total += i
			mu.Unlock()
			if i%64 == 0 {
				time.Sleep(time.Microsecond)
			}
			out <- <-in + 1
		}(i, chain, next)
		chain = next
	}
	close(gate)
	first <- 0
	<-chain
	wg.Wait()
}
