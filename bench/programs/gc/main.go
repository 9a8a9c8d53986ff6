// Gc allocates below deep stacks of many shapes against a small heap goal:
// collections, sweeps, mark assists, and large tables of stacks. The second
// argument is the number of descents.
package main

import (
	"log"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"strconv"
	"sync"
)

const workers = 8

type node struct {
	next *node
	load [30]uint64
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	descents, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	debug.SetGCPercent(25)
	var keep *node
	for i := 0; i < 40000; i++ {
		keep = &node{next: keep}
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go func(seed int64) {
			defer wg.Done()
			shapes := rand.New(rand.NewSource(seed))
			for n := 0; n < descents/workers; n++ {
				runtime.KeepAlive(down(shapes.Intn(64), shapes.Intn(110), nil))
			}
		}(int64(i))
	}
	wg.Wait()
	trace.Stop()
	runtime.KeepAlive(keep)
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

// down's path, of two functions, follows the bits of shape.
//
//go:noinline
func down(shape, depth int, list *node) *node {
	list = &node{next: list}
	if depth == 0 {
		runtime.Gosched()
		return list
	}
	if shape>>(depth%6)&1 == 0 {
		return down(shape, depth-1, list)
	}
	return aside(shape, depth-1, list)
}

//go:noinline
func aside(shape, depth int, list *node) *node {
	below := depth - 1
	if below < 0 {
		below = 0
	}
	list = down(shape, below, &node{next: list})
	if depth%4 == 0 {
		runtime.Gosched()
	}
	return list
}
