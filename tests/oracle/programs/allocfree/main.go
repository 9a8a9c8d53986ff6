//record:from 1.23
//record:env GODEBUG=traceallocfree=1

// Allocfree runs with GODEBUG=traceallocfree=1, so that its trace also tells of
// spans, heap objects and stacks of goroutines: experimental events, and batches
// of experimental data.
package main

import (
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"strings"
)

type order struct {
	id    int
	items []string
	next  *order
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	var head *order
	for i := 0; i < 150; i++ {
		head = &order{id: i, items: []string{strings.Repeat("x", i)}, next: head}
		if i%50 == 0 {
			head = nil
		}
	}
	done := make(chan int)
	for i := 0; i < 10; i++ {
		go func(i int) { done <- deep(i * 20) }(i)
	}
	for i := 0; i < 10; i++ {
		<-done
	}
	runtime.KeepAlive(make([]byte, 1<<20))
	runtime.GC()
	runtime.GC()
	runtime.KeepAlive(head)
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

// deep makes the stack of its goroutine grow.
func deep(n int) int {
	var frame [128]int
	frame[n%128] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + frame[n%128]
}
