// Procs changes GOMAXPROCS up and down while goroutines run.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := 0; i < 10; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
		}()
	}
	for _, n := range []int{1, 4, 2, 16, 3, 8, 1, 5, 64, 2} {
		runtime.GOMAXPROCS(n)
		for i := 0; i < 20; i++ {
			runtime.Gosched()
		}
	}
	close(stop)
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
