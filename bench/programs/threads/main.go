// Threads passes values around rings of goroutines that are each tied to a
// thread of their own, so that every hop is a change of thread. The second
// argument is the number of hops, the third that of threads.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"strconv"
	"sync"
)

const rings = 8

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	hops, threads := number(os.Args[2]), number(os.Args[3])
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < rings; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ring(hops/rings, threads/rings)
		}()
	}
	wg.Wait()
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

func ring(hops, threads int) {
	places := make([]chan int, threads)
	for i := range places {
		places[i] = make(chan int, 1)
	}
	var wg sync.WaitGroup
	for i := range places {
		wg.Add(1)
		go func(here, next chan int) {
			defer wg.Done()
			runtime.LockOSThread()
			for left := range here {
				if left == 0 {
					break
				}
				next <- left - 1
			}
			// The one where it ends tells the next, and so on around.
			select {
			case next <- 0:
			default:
			}
		}(places[i], places[(i+1)%threads])
	}
	places[0] <- hops
	wg.Wait()
}
