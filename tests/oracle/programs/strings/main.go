// Strings fills the tables of a generation: stacks of every depth up to far
// beyond what a trace keeps, frames that were inlined, generic and closure
// names, thousands of strings.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/trace"
)

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	for depth := 0; depth <= 200; depth += 5 {
		down(depth)
	}
	ctx := context.Background()
	for i := 0; i < 3000; i++ {
		trace.Log(ctx, fmt.Sprintf("key %d", i%50), fmt.Sprintf("value %d", i))
	}
	inlined(3)
	generic[map[string][]int]()
	generic[struct{ A, B int }]()
	method{}.value()
	new(method).pointer()
	func() { func() { runtime.Gosched() }() }()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func down(n int) {
	if n > 0 {
		down(n - 1)
		return
	}
	runtime.Gosched()
}

func inlined(n int)  { inlined2(n) }
func inlined2(n int) { inlined3(n) }
func inlined3(int)   { runtime.Gosched() }

func generic[T any]() {
	var zero T
	runtime.KeepAlive(zero)
	runtime.Gosched()
}

type method struct{}

func (method) value()    { runtime.Gosched() }
func (*method) pointer() { runtime.Gosched() }
