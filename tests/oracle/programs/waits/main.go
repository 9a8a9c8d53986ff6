// Waits has a goroutine blocked in each way there is: channels (nil ones too),
// selects, locks, conditions, groups, timers, a preempted loop, a collection.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var spins int

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}

	var none chan int
	go func() { <-none }()
	go func() { none <- 0 }()
	go func() { select {} }()

	receive, send := make(chan int), make(chan int)
	left, right := make(chan int), make(chan int)
	go func() { <-receive }()
	go func() { send <- 1 }()
	go func() {
		select {
		case <-left:
		case <-right:
		}
	}()

	var mu sync.Mutex
	var rw sync.RWMutex
	var once sync.Once
	mu.Lock()
	rw.Lock()
	var wg, group sync.WaitGroup
	group.Add(1)
	spawn := func(fn func()) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			fn()
		}()
	}
	spawn(func() { mu.Lock(); mu.Unlock() })
	spawn(func() { rw.RLock(); rw.RUnlock() })
	spawn(func() { rw.Lock(); rw.Unlock() })
	spawn(func() { group.Wait() })
	spawn(func() { once.Do(func() { time.Sleep(2 * time.Millisecond) }) })
	spawn(func() { once.Do(func() {}) })

	cond := sync.NewCond(new(sync.Mutex))
	for i := 0; i < 3; i++ {
		spawn(func() { cond.L.Lock(); cond.Wait(); cond.L.Unlock() })
	}
	stop := time.Now().Add(40 * time.Millisecond)
	spawn(func() {
		for time.Now().Before(stop) {
			spins++
		}
	})

	time.Sleep(5 * time.Millisecond)
	receive <- 1
	<-send
	left <- 1
	mu.Unlock()
	rw.Unlock()
	group.Done()
	cond.Signal()
	cond.Broadcast()
	tick := time.NewTicker(3 * time.Millisecond)
	for i := 0; i < 3; i++ {
		<-tick.C
	}
	tick.Stop()
	select {
	case <-receive:
	case <-time.After(time.Millisecond):
	}
	runtime.SetFinalizer(&struct{ x [64]int }{}, func(any) {})
	runtime.GC()
	func() {
		defer func() { recover() }()
		panic("caught")
	}()
	spawn(runtime.Goexit)
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
