//record:killed

// Killed is killed while it traces: its trace ends where the last buffer was
// written.
package main

import (
	"log"
	"os"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	begin := time.Now()
	c := make(chan int)
	go func() {
		for v := range c {
			_ = v
		}
	}()
	for time.Since(begin) < 1100*time.Millisecond {
		c <- 1
		time.Sleep(5 * time.Millisecond)
	}
	// Enough for some buffers of the second generation to be written.
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 4000; j++ {
				c <- j
			}
		}()
	}
	wg.Wait()
	time.Sleep(20 * time.Millisecond)
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
