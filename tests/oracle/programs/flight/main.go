//go:build go1.25

//record:from 1.25

// Flight keeps the last moments with the flight recorder of runtime/trace: the
// trace starts in the middle of everything.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"time"
)

func main() {
	fr := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 200 * time.Millisecond, MaxBytes: 64 << 10})
	if err := fr.Start(); err != nil {
		log.Fatal(err)
	}
	ctx, task := trace.NewTask(context.Background(), "long lost begin")
	region := trace.StartRegion(ctx, "long lost begin")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; i < 150; i++ {
			time.Sleep(10 * time.Millisecond)
			trace.Logf(ctx, "step", "%d", i)
		}
	}()
	<-done
	region.End()
	task.End()
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if _, err := fr.WriteTo(f); err != nil {
		log.Fatal(err)
	}
	fr.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
