// Twice ends tasks and regions twice, as a deferred End does after another one: in a goroutine
// that was there before the trace, and in others that were not.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func task(name string) {
	ctx, task := trace.NewTask(context.Background(), name)
	defer task.End()
	trace.Log(ctx, "key", name)
	time.Sleep(time.Millisecond)
	task.End()
}

func region(name string) {
	region := trace.StartRegion(context.Background(), name)
	defer region.End()
	time.Sleep(time.Millisecond)
	region.End()
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	_, before := trace.NewTask(context.Background(), "before the trace")
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond)
	task("first")
	task("second")
	before.End()
	before.End()
	region("of main")
	var wg sync.WaitGroup
	for _, name := range []string{"one", "other"} {
		wg.Add(1)
		go func(name string) {
			defer wg.Done()
			task(name)
			region(name)
		}(name)
	}
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
