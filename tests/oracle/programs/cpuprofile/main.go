// Cpuprofile burns processor time while both the profiler and the tracer run:
// CPU samples, some of them of threads that run no goroutine.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

var sink uint64

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ctx := context.Background()
			pprof.Do(ctx, pprof.Labels("work", "hot"), func(ctx context.Context) {
				defer trace.StartRegion(ctx, "burn").End()
				burn(250 * time.Millisecond)
			})
		}()
	}
	wg.Wait()
	runtime.GC()
	trace.Stop()
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func burn(d time.Duration) {
	var x uint64 = 1
	for end := time.Now().Add(d); time.Now().Before(end); {
		x = hash(x, 1<<16)
		runtime.KeepAlive(make([]byte, 1<<12))
	}
	sink += x
}

//go:noinline
func hash(x uint64, n int) uint64 {
	for i := 0; i < n; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}
