package services_test

import (
	"net"
	"net/url"
	"testing"

	"github.com/automic-etl/etl/test/services"
)

// TestPostgres starts, stops and resumes a server: it answers exactly while it runs.
func TestPostgres(t *testing.T) {
	s, err := services.Start("postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	dsn, err := url.Parse(s.Env["ETL_TEST_POSTGRES_DSN"])
	if err != nil || dsn.Host == "" {
		t.Fatalf("%v: %v", s.Env, err)
	}
	answers := func() bool {
		conn, err := net.Dial("tcp", dsn.Host)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	if !answers() {
		t.Error("a started server does not answer")
	}
	if err := s.Stop(); err != nil || answers() {
		t.Errorf("a stopped server answers, %v", err)
	}
	if err := s.Resume(); err != nil || !answers() {
		t.Errorf("a resumed server does not answer, %v", err)
	}
}
