// Package proto is what host and plugins say to each other: provider.proto, the Go code generated from it, and how values
// of the language are written in it.
package proto

import "github.com/hashicorp/go-plugin"

// Version is the major version of the protocol. Within it, everything is added and nothing changed.
const Version = 1

// Service is the name under which go-plugin knows the Provider service.
const Service = "provider"

// Environment of a plugin process.
const (
	EnvPlugin = "ETL_PLUGIN"       // which built-in provider etl serves where it runs itself
	EnvHost   = "ETL_PLUGIN_HOST"  // the host's process id
	EnvDir    = "ETL_PLUGIN_DIR"   // the private folder of this process, removed with it
	EnvLevel  = "ETL_PLUGIN_LEVEL" // the least level that the host logs
)

// Handshake is what both sides of go-plugin must agree on. The cookie is no secret: it tells a person who runs a plugin
// by hand that it is one.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  Version,
		MagicCookieKey:   "ETL_PLUGIN_COOKIE",
		MagicCookieValue: "7c1f0f6a-etl-provider",
	}
}

// DirPrefix begins the name of each process's private folder. Nothing else is ever removed as one.
const DirPrefix = "etl-plugin-"
