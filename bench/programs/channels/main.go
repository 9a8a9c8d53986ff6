// Channels passes values along: through unbuffered and buffered channels,
// selects and locks, so that nearly every event is a goroutine that starts,
// blocks or is woken. The second argument is the number of values.
package main

import (
	"log"
	"os"
	"runtime/trace"
	"strconv"
	"sync"
)

const lines = 16

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	values, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < lines; i++ {
		wg.Add(1)
		go func(buffer int) {
			defer wg.Done()
			line(values/lines, buffer)
		}(i % 3)
	}
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

// line sends values through four goroutines.
func line(values, buffer int) {
	source, left, right := make(chan int, buffer), make(chan int, buffer), make(chan int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Add(4)
	go func() {
		defer wg.Done()
		for v := 0; v < values; v++ {
			source <- v
		}
		close(source)
	}()
	go func() {
		defer wg.Done()
		for v := range source {
			if v%2 == 0 {
				left <- v
			} else {
				right <- v
			}
		}
		close(left)
		close(right)
	}()
	sum := 0
	for i := 0; i < 2; i++ {
		go func() {
			defer wg.Done()
			left, right := left, right
			for left != nil || right != nil {
				v, ok := 0, false
				select {
				case v, ok = <-left:
					if !ok {
						left = nil
					}
				case v, ok = <-right:
					if !ok {
						right = nil
					}
				}
				mu.Lock()
				sum += v
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}
