// Annotations handles orders, each in a task of its own with regions and logs,
// as a service does that is measured. The second argument is the number of
// orders.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"strconv"
	"sync"
)

const workers = 8

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	orders, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	numbers := make(chan int)
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range numbers {
				handle(n)
			}
		}()
	}
	for n := 0; n < orders; n++ {
		numbers <- n
	}
	close(numbers)
	wg.Wait()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func handle(n int) {
	ctx, task := trace.NewTask(context.Background(), "order")
	defer task.End()
	trace.Log(ctx, "number", strconv.Itoa(n))
	trace.WithRegion(ctx, "check", func() { charge(ctx, n%7+1) })
	paid := make(chan bool, 1)
	go func() {
		defer trace.StartRegion(ctx, "pay").End()
		paid <- charge(ctx, n%3+1)
	}()
	trace.WithRegion(ctx, "pack", func() { trace.Logf(ctx, "size", "%d parts", n%11) })
	<-paid
}

// charge does what takes a while.
func charge(ctx context.Context, steps int) bool {
	defer trace.StartRegion(ctx, "charge").End()
	sum := 0
	for i := 0; i < steps*500; i++ {
		sum += i * i
	}
	return sum > 0
}
