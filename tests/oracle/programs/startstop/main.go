// Startstop starts and stops traces in quick succession while the program is
// busy, and keeps the last one: goroutines, threads and regions are caught in
// every state, with many generations behind them.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var stop atomic.Bool
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
		close(pong)
	}()
	go func() {
		for v := 0; !stop.Load(); v++ {
			defer trace.StartRegion(context.Background(), "never left").End()
			ping <- v
			<-pong
			time.Sleep(20 * time.Microsecond)
		}
		close(ping)
	}()
	for i := 0; i < 3; i++ {
		go func() {
			for !stop.Load() {
				ts := syscall.NsecToTimespec(30000)
				syscall.Nanosleep(&ts, nil)
			}
		}()
	}
	go func() {
		for !stop.Load() {
			runtime.KeepAlive(make([]byte, 1<<16))
			runtime.Gosched()
		}
	}()
	for i := 0; i < 20; i++ {
		if err := trace.Start(io.Discard); err != nil {
			log.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 50 * time.Microsecond)
		trace.Stop()
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	trace.Stop()
	stop.Store(true)
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
