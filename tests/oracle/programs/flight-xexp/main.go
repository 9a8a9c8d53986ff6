//record:from 1.22
//record:to 1.24
//record:require golang.org/x/exp v0.0.0-20240719175910-8a7402abbf56

// Flight-xexp does what flight does with the flight recorder of
// golang.org/x/exp/trace, for the versions before it came to runtime/trace.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"time"

	xtrace "golang.org/x/exp/trace"
)

func main() {
	fr := xtrace.NewFlightRecorder()
	fr.SetPeriod(200 * time.Millisecond)
	fr.SetSize(64 << 10)
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
	if err := fr.Stop(); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}
