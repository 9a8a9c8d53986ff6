// Syscalls sits in system calls that block, short and long, so that their Ps
// are taken away: by the monitor, by a collection, by a change of generation.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

func nap(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&ts, nil)
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}

	// One that begins before the trace and lasts for most of it.
	longDone := make(chan struct{})
	go func() {
		nap(1700 * time.Millisecond)
		close(longDone)
	}()
	time.Sleep(5 * time.Millisecond)

	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}

	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for j := 0; j < 8; j++ {
				nap(time.Duration(i*j) * 100 * time.Microsecond)
				syscall.Getpid() // does not block
			}
		}(i)
	}
	time.Sleep(2 * time.Millisecond)
	runtime.GC()
	wg.Wait()

	// A pipe that is no business of the network poller.
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		log.Fatal(err)
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		buf := make([]byte, 8)
		for {
			n, err := syscall.Read(p[0], buf)
			if n <= 0 || err != nil {
				return
			}
		}
	}()
	for i := 0; i < 5; i++ {
		nap(2 * time.Millisecond)
		syscall.Write(p[1], []byte("go"))
	}

	// Wait for the long one, over the change of generation.
	<-longDone
	syscall.Close(p[1])
	wg.Wait()
	trace.Stop()
	syscall.Close(p[0])
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
