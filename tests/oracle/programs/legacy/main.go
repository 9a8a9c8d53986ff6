//record:from 1.19
//record:to 1.21

// Legacy does a little of everything that traces before Go 1.22 can tell of, in a language
// that Go 1.19 understands: goroutines that wait for each other in every way, system calls,
// the network, timers, collections, tasks, regions, logs and CPU samples. The second
// argument says how many times.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	rounds := 8
	if len(os.Args) > 2 {
		if rounds, err = strconv.Atoi(os.Args[2]); err != nil {
			log.Fatal(err)
		}
	}
	// These are there before the trace: one waits, one is in a system call.
	sleeper := make(chan bool)
	go func() { <-sleeper }()
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		log.Fatal(err)
	}
	go syscall.Read(ends[0], make([]byte, 1))
	time.Sleep(time.Millisecond)
	profile, err := os.CreateTemp("", "legacy")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(profile.Name())
	if err := pprof.StartCPUProfile(profile); err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	for _, do := range []func(int){channels, locks, calls, talk, annotate, collect} {
		do(rounds)
	}
	runtime.GOMAXPROCS(2)
	syscall.Write(ends[1], make([]byte, 1))
	close(sleeper)
	trace.Stop()
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func channels(rounds int) {
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		values, other, done := make(chan int, i), make(chan int), make(chan bool)
		wg.Add(2)
		go func() {
			defer wg.Done()
			for v := 0; v < rounds; v++ {
				select {
				case values <- v:
				case other <- v:
				}
			}
			close(done)
		}()
		go func() {
			defer wg.Done()
			for {
				select {
				case <-values:
				case <-other:
				case <-done:
					return
				}
			}
		}()
	}
	wg.Wait()
	single := make(chan int)
	go func() {
		for v := range single {
			runtime.Gosched()
			_ = v
		}
		select {}
	}()
	for v := 0; v < rounds; v++ {
		single <- v
	}
	close(single)
}

func locks(rounds int) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	turn := 0
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		me := i
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < rounds; k++ {
				mu.Lock()
				for turn != me {
					cond.Wait()
				}
				turn = (turn + 1) % 3
				mu.Unlock()
				cond.Broadcast()
				runtime.Gosched()
			}
		}()
	}
	wg.Wait()
	time.Sleep(time.Millisecond)
}

func calls(rounds int) {
	r, w, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for i := 0; i < rounds; i++ {
			w.Write([]byte("x"))
		}
		w.Close()
	}()
	buf := make([]byte, 1)
	for {
		if _, err := r.Read(buf); err != nil {
			break
		}
		os.Getwd()
		os.Stat(".")
	}
	r.Close()
}

func talk(rounds int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 1)
		for {
			if _, err := c.Read(buf); err != nil {
				c.Close()
				return
			}
			c.Write(buf)
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	buf := make([]byte, 1)
	for i := 0; i < rounds; i++ {
		c.Write(buf)
		c.Read(buf)
	}
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	c.Read(buf)
	c.Close()
	l.Close()
}

func annotate(rounds int) {
	ctx, task := trace.NewTask(context.Background(), "outer \"task\"")
	defer task.End()
	for i := 0; i < rounds && i < 10; i++ {
		child, inner := trace.NewTask(ctx, "inner")
		trace.WithRegion(child, "region", func() {
			trace.WithRegion(child, "inside", func() {
				trace.Log(child, "category", strconv.Itoa(i%3))
				trace.Log(ctx, "", "")
			})
		})
		if i%2 == 0 {
			inner.End()
		}
	}
	labels := pprof.Labels("a", "b")
	pprof.Do(ctx, labels, func(ctx context.Context) { runtime.Gosched() })
}

var kept [][]byte

func collect(rounds int) {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var mine [][]byte
			for k := 0; k < rounds*100; k++ {
				mine = append(mine, make([]byte, 1<<14))
				if len(mine) > 64 {
					mine = nil
				}
			}
			kept = mine
		}()
	}
	wg.Wait()
	runtime.GC()
	sum := 0
	for begin := time.Now(); time.Since(begin) < 40*time.Millisecond; {
		for i := 0; i < 1000; i++ {
			sum += i * i
		}
	}
	kept = append(kept, make([]byte, sum&1))
}
