package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is what happens to a bulk request on its way.
type fault string

const (
	halfBusy    fault = "429 for half of its items"
	someRefused fault = "400 for each third item"
	allBusy     fault = "429"
	lost        fault = "stored, and the answer lost"
	cut         fault = "the connection cut before"
)

// faultyProxy stands before a server. The first bulk requests to each index meet a fault each, in this order; then all is
// well.
type faultyProxy struct {
	*http.Server
	t       *testing.T
	address string
	target  *searchServer
	mu      sync.Mutex
	left    map[string][]fault // by index
	last    time.Time          // when the last request came
}

func newFaultyProxy(t *testing.T, target *searchServer, indices ...string) *faultyProxy {
	p := &faultyProxy{t: t, address: freeAddress(t), target: target, left: map[string][]fault{}}
	for _, index := range indices {
		p.left[index] = []fault{halfBusy, lost, someRefused, cut, cut, halfBusy, allBusy, lost, someRefused, halfBusy}
	}
	return p
}

// start lets requests in; before, nobody answers.
func (p *faultyProxy) start() {
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.Server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.Serve(l) }() // until it is closed
	p.t.Cleanup(func() { _ = p.Close() })
}

// done is true once every fault has happened.
func (p *faultyProxy) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, left := range p.left {
		if len(left) > 0 {
			return false
		}
	}
	return true
}

// quiet is true once nothing has been tried again for a while.
func (p *faultyProxy) quiet() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.last) > 5*time.Second
}

func (p *faultyProxy) next(index string) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
	left := p.left[index]
	if len(left) == 0 {
		return ""
	}
	p.left[index] = left[1:]
	return left[0]
}

func (p *faultyProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is cut off the server refuses
	items := bulkItems(body)
	if len(items) == 0 {
		http.Error(w, "no bulk request", http.StatusBadRequest)
		return
	}
	switch p.next(items[0].index) {
	case halfBusy:
		p.some(w, r, items, func(i int) bool { return i%2 == 0 }, http.StatusTooManyRequests, "rejected_execution_exception")
	case someRefused:
		p.some(w, r, items, func(i int) bool { return i%3 == 0 }, http.StatusBadRequest, "mapper_parsing_exception")
	case allBusy:
		http.Error(w, `{"error":"busy"}`, http.StatusTooManyRequests)
	case lost:
		_, _ = p.forward(r, body)
		hangUp(w)
	case cut:
		hangUp(w)
	default:
		status, answer := p.forward(r, body)
		w.WriteHeader(status)
		_, _ = w.Write(answer) // Fluent Bit tries again
	}
}

// some refuses items, and passes on the others.
func (p *faultyProxy) some(w http.ResponseWriter, r *http.Request, items []bulkItem, refuse func(int) bool, status int, reason string) {
	var through []byte
	for i, item := range items {
		if !refuse(i) {
			through = append(through, item.text...)
		}
	}
	var answered []any
	if len(through) > 0 {
		_, text := p.forward(r, through)
		var answer map[string]any
		if err := json.Unmarshal(text, &answer); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		answered = at(answer, "items")
	}
	var all []any
	for i, item := range items {
		if !refuse(i) && len(answered) > 0 {
			all, answered = append(all, answered[0]), answered[1:]
			continue
		}
		all = append(all, map[string]any{item.action: map[string]any{
			"_index": item.index, "status": status, "error": map[string]any{"type": reason, "reason": "the test's"},
		}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"took": 1, "errors": true, "items": all})
}

func (p *faultyProxy) forward(r *http.Request, body []byte) (status int, answer []byte) {
	through := r.Clone(r.Context())
	through.RequestURI, through.Host = "", ""
	through.URL.Scheme, through.URL.Host, _ = strings.Cut(p.target.url, "://")
	through.Body, through.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response, err := http.DefaultClient.Do(through)
	if err != nil {
		return http.StatusBadGateway, []byte(fmt.Sprintf(`{"error":%q}`, err))
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return http.StatusBadGateway, []byte(fmt.Sprintf(`{"error":%q}`, err))
	}
	return response.StatusCode, answer
}

func hangUp(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = c.Close()
	}
}

// bulkItem is two lines of a bulk request: what to do, and the document.
type bulkItem struct {
	action, index string
	text          []byte
}

func bulkItems(body []byte) (all []bulkItem) {
	all = []bulkItem{}
	rows := bytes.SplitAfter(body, []byte("\n"))
	for i := 0; i+1 < len(rows); i += 2 {
		var what map[string]map[string]any
		if err := json.Unmarshal(rows[i], &what); err != nil {
			return nil
		}
		for action, about := range what {
			index, _ := about["_index"].(string)
			all = append(all, bulkItem{action, index, append(bytes.Clone(rows[i]), rows[i+1]...)})
		}
	}
	return all
}
