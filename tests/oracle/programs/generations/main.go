// Generations does little, but long enough for several generations: goroutines
// that sleep, wait and sit in system calls over their borders, tasks, regions
// and iterators that cross them, numbers that begin anew.
package main

import (
	"context"
	"log"
	"os"
	"runtime"
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

	background := context.Background()
	long, longTask := trace.NewTask(background, "crosses generations")
	longRegion := trace.StartRegion(long, "crosses generations too")

	var wg sync.WaitGroup
	stop := make(chan struct{})
	var never chan int
	go func() { <-never }()
	go func() {
		runtime.LockOSThread()
		ts := syscall.NsecToTimespec(int64(time.Hour))
		syscall.Nanosleep(&ts, nil)
	}()
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for n := 0; ; n++ {
				ctx, task := trace.NewTask(long, "tick")
				trace.Logf(ctx, "n", "%d", n)
				select {
				case <-stop:
					task.End()
					return
				case <-time.After(time.Duration(70+30*i) * time.Millisecond):
				}
				task.End()
			}
		}(i)
	}
	for time.Since(begin) < 3200*time.Millisecond {
		ts := syscall.NsecToTimespec(int64(40 * time.Millisecond))
		syscall.Nanosleep(&ts, nil)
	}
	close(stop)
	wg.Wait()
	longRegion.End()
	longTask.End()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
