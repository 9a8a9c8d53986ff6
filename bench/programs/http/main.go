// Http serves requests of clients in the same process: most blocking is on the
// network, below stacks of some depth. The second argument is the number of
// requests.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const clients = 24

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	requests, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/item/", item)
	server := &http.Server{Handler: mux}
	go server.Serve(ln)

	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	client := &http.Client{Transport: transport}
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := 0; i < clients; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := next.Add(1); n <= requests; n = next.Add(1) {
				get(client, fmt.Sprintf("http://%s/item/%d", ln.Addr(), n))
			}
		}()
	}
	wg.Wait()
	transport.CloseIdleConnections()
	server.Close()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func item(w http.ResponseWriter, r *http.Request) {
	prices := make(chan int, 2)
	go func() { prices <- len(r.URL.Path) }()
	go func() { prices <- len(r.Host) }()
	id := strings.TrimPrefix(r.URL.Path, "/item/")
	json.NewEncoder(w).Encode(map[string]any{"id": id, "price": <-prices + <-prices})
}

func get(client *http.Client, url string) {
	response, err := client.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		log.Fatal(err)
	}
}
