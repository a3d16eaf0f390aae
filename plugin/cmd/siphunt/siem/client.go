package siem

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client makes requests to a server.
type Client struct {
	url       *url.URL
	http      *http.Client
	authorize func(*http.Request)
}

// Access is where the server is, and who asks.
type Access struct {
	URL            string
	APIKey         string // as the server gave it, base64
	User, Password string
	CA             []byte // PEM, of the server's certificate; nil is the system's
}

// maxAnswer bounds what is read of an answer; the largest are the mappings of all backing indices.
const maxAnswer = 64 << 20

// NewClient returns a client, or what is wrong with the access.
func NewClient(a Access) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(a.URL, "/"))
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%q is no URL of a server: give one as https://opensearch.example.net:9200", a.URL)
	case u.User != nil:
		return nil, errors.New("no password in the URL, where others see it: use --user and --password-file")
	case a.APIKey != "" && a.User != "":
		return nil, errors.New("give an API key, or a user with a password, not both")
	case u.Scheme == "http" && a.APIKey+a.User != "" && !loopback(u.Hostname()):
		return nil, errors.New("no password over plain HTTP to another machine: use https://")
	}
	c := &Client{url: u, authorize: func(*http.Request) {}}
	switch {
	case a.APIKey != "":
		c.authorize = func(r *http.Request) { r.Header.Set("Authorization", "ApiKey "+a.APIKey) }
	case a.User != "":
		c.authorize = func(r *http.Request) { r.SetBasicAuth(a.User, a.Password) }
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if a.CA != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(a.CA) {
			return nil, errors.New("the CA file holds no certificate in PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c.http = &http.Client{Transport: transport, Timeout: time.Minute}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// call makes a request. A status of an error is no error: whoever asks knows which to expect.
func (c *Client) call(ctx context.Context, method, path string, body any) (status int, answer object, err error) {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url.String()+"/"+path, in)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	c.authorize(r)
	response, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, err
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		answer = object{"error": strings.TrimSpace(string(text[:min(len(text), 200)]))}
	}
	if s := response.StatusCode; s == http.StatusUnauthorized || s == http.StatusForbidden {
		return s, answer, refusal(method, path, s, answer)
	}
	return response.StatusCode, answer, nil
}

// refusal is the error that a server answers.
func refusal(method, path string, status int, answer object) error {
	reason := dig(answer, "error", "reason")
	if reason == nil {
		reason = answer["error"]
	}
	if reason == nil {
		reason = answer["message"] // of OpenSearch's security plugin
	}
	return fmt.Errorf("%s %s: status %d: %v", method, path, status, reason)
}

// dig returns what stands at a path of keys and indices, or nil if there is nothing.
func dig(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, _ := value.(object)
			value = o[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}
