// Gcactive keeps the collector at work while generations of the trace change,
// so that a generation begins in the middle of a mark phase, of a mark assist
// and, with luck, of a sweep. A second argument says for how many milliseconds.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"strconv"
	"sync/atomic"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	length := 1100
	if len(os.Args) > 2 {
		if length, err = strconv.Atoi(os.Args[2]); err != nil {
			log.Fatal(err)
		}
	}

	// A heap of many spans, which take long to sweep and hold nothing to mark,
	// and a list, which takes long to mark and cannot be marked in parallel.
	keep := make([][]byte, 12000)
	for i := range keep {
		keep[i] = make([]byte, 6000)
	}
	type link struct {
		next *link
		load [6]uint64
	}
	var list *link
	for i := 0; i < 100000; i++ {
		list = &link{next: list}
	}
	debug.SetGCPercent(10)

	// Large objects: whoever wants one has to sweep for it first.
	var stop atomic.Bool
	done := make(chan struct{})
	const workers = 3
	for i := 0; i < workers; i++ {
		go func() {
			for !stop.Load() {
				runtime.KeepAlive(make([]byte, 3<<20))
			}
			done <- struct{}{}
		}()
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	time.Sleep(time.Duration(length) * time.Millisecond)
	trace.Stop()
	stop.Store(true)
	for i := 0; i < workers; i++ {
		<-done
	}
	runtime.KeepAlive(keep)
	runtime.KeepAlive(list)
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
