// Shop is a small web shop and its customers in one process: an HTTP server, a
// catalogue in memory behind a lock that stands for a database, an order book on
// disk, a worker that packs, a ticker that reports. Its trace is the example that
// ships with libtracereader.
//
// A second argument says for how many milliseconds the customers shop.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/trace"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const customers = 6

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	shopping := 500 * time.Millisecond
	if len(os.Args) > 2 {
		ms, err := strconv.Atoi(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		shopping = time.Duration(ms) * time.Millisecond
	}
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	if err := run(dir, shopping); err != nil {
		log.Fatal(err)
	}
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func run(dir string, shopping time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	s, err := newShop(dir)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.routes()}
	go server.Serve(ln)

	var staff sync.WaitGroup
	staff.Add(2)
	go func() { defer staff.Done(); s.packer() }()
	go func() { defer staff.Done(); s.reporter(ctx) }()

	end := time.Now().Add(shopping)
	var wg sync.WaitGroup
	for i := 0; i < customers; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			c := customer{
				name:   "customer-" + strconv.Itoa(i),
				url:    "http://" + ln.Addr().String(),
				client: &http.Client{Timeout: time.Second},
				rnd:    rand.New(rand.NewSource(int64(i))),
			}
			for time.Now().Before(end) {
				if err := c.visit(ctx); err != nil {
					log.Print(err)
				}
			}
			c.client.CloseIdleConnections()
		}(i)
	}
	wg.Wait()

	stop, done := context.WithTimeout(ctx, time.Second)
	defer done()
	if err := server.Shutdown(stop); err != nil {
		return err
	}
	close(s.packing)
	cancel()
	staff.Wait()
	return s.book.Close()
}

type item struct {
	Name  string `json:"name"`
	Price int    `json:"price"`
	Stock int    `json:"stock"`
}

type order struct {
	Customer string `json:"customer"`
	Item     string `json:"item"`
	Count    int    `json:"count"`
}

type shop struct {
	dir  string
	db   database
	sold atomic.Int64

	bookLock sync.Mutex
	book     *os.File
	packing  chan parcel
}

type parcel struct {
	ctx   context.Context
	task  *trace.Task
	order order
}

func newShop(dir string) (*shop, error) {
	for i := 0; i < 8; i++ {
		text := bytes.Repeat([]byte(fmt.Sprintf("item %d is very fine indeed. ", i)), 40)
		if err := os.WriteFile(filepath.Join(dir, "item-"+strconv.Itoa(i)), text, 0o600); err != nil {
			return nil, err
		}
	}
	book, err := os.Create(filepath.Join(dir, "orders"))
	if err != nil {
		return nil, err
	}
	s := &shop{dir: dir, book: book, packing: make(chan parcel, 4)}
	s.db.items = make(map[string]*item)
	for i := 0; i < 8; i++ {
		name := "item-" + strconv.Itoa(i)
		s.db.items[name] = &item{Name: name, Price: 100 * (i + 1), Stock: 1 << 20}
	}
	return s, nil
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/catalogue", s.handle("catalogue", s.catalogue))
	mux.HandleFunc("/text/", s.handle("text", s.text))
	mux.HandleFunc("/order", s.handle("order", s.order))
	return mux
}

func (s *shop) handle(name string, fn http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, task := trace.NewTask(r.Context(), "serve "+name)
		defer task.End()
		trace.Log(ctx, "customer", r.Header.Get("Customer"))
		fn(w, r.WithContext(ctx))
	}
}

func (s *shop) catalogue(w http.ResponseWriter, r *http.Request) {
	var list []item
	trace.WithRegion(r.Context(), "query", func() {
		s.db.read(func(items map[string]*item) {
			for _, it := range items {
				list = append(list, *it)
			}
		})
	})
	defer trace.StartRegion(r.Context(), "encode").End()
	json.NewEncoder(w).Encode(list)
}

func (s *shop) text(w http.ResponseWriter, r *http.Request) {
	defer trace.StartRegion(r.Context(), "read file").End()
	f, err := os.Open(filepath.Join(s.dir, filepath.Base(r.URL.Path)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer f.Close()
	io.Copy(w, f)
}

func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	var o order
	var err error
	trace.WithRegion(r.Context(), "decode", func() {
		err = json.NewDecoder(r.Body).Decode(&o)
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	total := 0
	trace.WithRegion(r.Context(), "transaction", func() {
		s.db.write(func(items map[string]*item) {
			if it := items[o.Item]; it != nil && it.Stock >= o.Count {
				it.Stock -= o.Count
				total = it.Price * o.Count
			}
		})
	})
	trace.WithRegion(r.Context(), "write to the book", func() {
		s.bookLock.Lock()
		defer s.bookLock.Unlock()
		fmt.Fprintf(s.book, "%s\t%s\t%d\n", o.Customer, o.Item, o.Count)
		if s.sold.Add(1)%16 == 0 {
			s.book.Sync()
		}
	})
	ctx, task := trace.NewTask(r.Context(), "pack")
	s.packing <- parcel{ctx: ctx, task: task, order: o}
	fmt.Fprintf(w, "{\"total\": %d}\n", total)
}

// packer packs one parcel at a time, which takes a moment.
func (s *shop) packer() {
	for p := range s.packing {
		trace.WithRegion(p.ctx, "fold and tape", func() {
			time.Sleep(time.Duration(100+50*p.order.Count) * time.Microsecond)
		})
		trace.Log(p.ctx, "packed", p.order.Item)
		p.task.End()
	}
}

// reporter looks at the shop now and then.
func (s *shop) reporter(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			stock := 0
			s.db.read(func(items map[string]*item) {
				for _, it := range items {
					stock += it.Stock
				}
			})
			trace.Logf(ctx, "report", "%d orders, %d items left", s.sold.Load(), stock)
		}
	}
}

// database stands for one: reads are quick and shared, a write takes its time and
// shuts everybody else out.
type database struct {
	sync.RWMutex
	items map[string]*item
}

func (db *database) read(fn func(map[string]*item)) {
	db.RLock()
	defer db.RUnlock()
	time.Sleep(50 * time.Microsecond)
	fn(db.items)
}

func (db *database) write(fn func(map[string]*item)) {
	db.Lock()
	defer db.Unlock()
	time.Sleep(300 * time.Microsecond)
	fn(db.items)
}

type customer struct {
	name   string
	url    string
	client *http.Client
	rnd    *rand.Rand
}

// visit looks at the catalogue, reads about some items, buys one, and thinks in
// between.
func (c *customer) visit(ctx context.Context) error {
	ctx, task := trace.NewTask(ctx, "visit")
	defer task.End()

	data, err := c.fetch(ctx, "/catalogue", nil)
	if err != nil {
		return err
	}
	var list []item
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	pick := list[c.rnd.Intn(len(list))]
	for i := c.rnd.Intn(3); i > 0; i-- {
		c.think(ctx)
		if _, err := c.fetch(ctx, "/text/"+list[c.rnd.Intn(len(list))].Name, nil); err != nil {
			return err
		}
	}
	c.think(ctx)
	body, err := json.Marshal(order{Customer: c.name, Item: pick.Name, Count: 1 + c.rnd.Intn(4)})
	if err != nil {
		return err
	}
	_, err = c.fetch(ctx, "/order", body)
	return err
}

func (c *customer) think(ctx context.Context) {
	defer trace.StartRegion(ctx, "think").End()
	time.Sleep(time.Duration(1+c.rnd.Intn(8)) * time.Millisecond)
}

func (c *customer) fetch(ctx context.Context, path string, body []byte) ([]byte, error) {
	defer trace.StartRegion(ctx, "fetch").End()
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Customer", c.name)
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
