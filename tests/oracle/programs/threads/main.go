// Threads ties goroutines to threads of their own, which begin and end with
// them, and hands work between tied goroutines.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	runtime.LockOSThread()
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	for round := 0; round < 3; round++ {
		var wg sync.WaitGroup
		relay := make([]chan int, 7)
		for i := range relay {
			relay[i] = make(chan int)
		}
		for i := 0; i < len(relay)-1; i++ {
			wg.Add(1)
			go func(i int) {
				defer wg.Done()
				runtime.LockOSThread()
				for v := range relay[i] {
					relay[i+1] <- v + 1
				}
				close(relay[i+1])
				if i%2 == 0 {
					runtime.UnlockOSThread()
				} // else the thread ends with its goroutine
			}(i)
		}
		go func() {
			for v := 0; v < 6; v++ {
				relay[0] <- v
			}
			close(relay[0])
		}()
		for range relay[len(relay)-1] {
		}
		wg.Wait()
		time.Sleep(2 * time.Millisecond)
	}
	trace.Stop()
	runtime.UnlockOSThread()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
