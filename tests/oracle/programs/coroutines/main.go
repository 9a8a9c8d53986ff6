//go:build go1.23

//record:from 1.23

// Coroutines pulls from iterators: goroutines made blocked, switched to and
// destroyed in the switch; taken to their end, stopped early, never begun, handed
// from goroutine to goroutine, and begun before the trace.
package main

import (
	"iter"
	"log"
	"os"
	"runtime/trace"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	oldNext, oldStop := iter.Pull(count(10))
	oldNext()

	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}

	// To its end.
	next, stop := iter.Pull(count(20))
	for _, ok := next(); ok; _, ok = next() {
	}
	stop()

	// Stopped early, never begun, begun before the trace.
	next, stop = iter.Pull(count(1000))
	next()
	stop()
	_, stop = iter.Pull(count(1))
	stop()
	oldNext()
	oldStop()

	// Two values at a time, one coroutine inside another.
	pairs, stopPairs := iter.Pull2(func(yield func(int, string) bool) {
		inner, stopInner := iter.Pull(count(5))
		defer stopInner()
		for v, ok := inner(); ok; v, ok = inner() {
			if !yield(v, "v") {
				return
			}
		}
	})
	for _, _, ok := pairs(); ok; _, _, ok = pairs() {
	}
	stopPairs()

	// Pulled by two goroutines in turn.
	next, stop = iter.Pull(count(20))
	turn := make(chan struct{})
	done := make(chan struct{})
	pull := func() {
		for range turn {
			if _, ok := next(); !ok {
				close(turn)
				break
			}
			turn <- struct{}{}
		}
		done <- struct{}{}
	}
	go pull()
	go pull()
	turn <- struct{}{}
	<-done
	<-done
	stop()

	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
