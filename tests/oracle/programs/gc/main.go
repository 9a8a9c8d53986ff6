// Gc allocates against a small heap goal until the collector has to be helped:
// collections, incremental sweeps, mark assists, stopped worlds, heap metrics
// and the labels of the mark workers.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"sync"
)

type node struct {
	next [4]*node
	load [8]uint64
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	debug.SetGCPercent(5)
	keep := tree(7)

	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}

	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 3; j++ {
				runtime.KeepAlive(tree(6))
			}
		}()
	}
	wg.Wait()

	// The world also stops for these.
	runtime.GC()
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(64 << 20)
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	runtime.Stack(make([]byte, 1<<12), true)
	debug.FreeOSMemory()
	runtime.GoroutineProfile(make([]runtime.StackRecord, 100))

	trace.Stop()
	runtime.KeepAlive(keep)
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func tree(depth int) *node {
	n := new(node)
	if depth > 0 {
		for i := range n.next {
			n.next[i] = tree(depth - 1)
		}
	}
	return n
}
