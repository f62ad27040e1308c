package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
)

// configureTLS follows the modes of MySQL's own clients. A dsn's parameter tls holds where the attribute isn't written.
func (c *connection) configureTLS(block cty.Value, dir string) sdk.Diagnostics {
	mode := text(block, "tls")
	authority, certificate, key := text(block, "tls_ca"), text(block, "tls_cert"), text(block, "tls_key")
	if mode == "" {
		if authority != "" {
			return problem("Authority without check", "The connection has a tls_ca, which nothing uses unless the server's certificate is checked. Write "+
				"tls = \"verify_full\", or \"verify_ca\" where the certificate is for another name.", "connection")
		}
		if c.config.TLS != nil || c.config.TLSConfig != "" {
			return nil
		}
		mode = "preferred"
	}
	c.config.TLSConfig, c.config.TLS, c.config.AllowFallbackToPlaintext = "", nil, mode == "preferred"
	if mode == "disabled" {
		return nil
	}
	config := &tls.Config{ServerName: serverName(c.config.Addr), InsecureSkipVerify: mode != "verify_full", CipherSuites: cipherSuites()}
	diags := authorities(config, authority, dir)
	diags = append(diags, clientCertificate(config, certificate, key, dir)...)
	if mode == "verify_ca" {
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, config.RootCAs) }
	}
	c.config.TLS = config
	return diags
}

// cipherSuites are Go's own, and two that early releases of MySQL 8 need, which are linked with an OpenSSL that exchanges
// keys over no elliptic curve. Go takes them last.
func cipherSuites() []uint16 {
	suites := []uint16{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
	for _, suite := range tls.CipherSuites() {
		suites = append(suites, suite.ID)
	}
	return suites
}

func serverName(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

func authorities(config *tls.Config, written, dir string) sdk.Diagnostics {
	if written == "" {
		return nil
	}
	pem, err := pemText(written, dir)
	if err != nil {
		return problem("Unreadable certificate", fmt.Sprintf("The connection's tls_ca can't be read: %s.", err), "connection")
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return problem("Unreadable certificate", "The connection's tls_ca has no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----.", "connection")
	}
	return nil
}

// clientCertificate quotes neither of the two: the key may stand in the configuration itself.
func clientCertificate(config *tls.Config, certificate, key, dir string) sdk.Diagnostics {
	if certificate == "" && key == "" {
		return nil
	}
	if certificate == "" || key == "" {
		return problem("Half a client certificate", "The connection has one of tls_cert and tls_key. Write both, or neither.", "connection")
	}
	certificatePEM, err := pemText(certificate, dir)
	keyPEM, keyErr := pemText(key, dir)
	if err = errors.Join(err, keyErr); err != nil {
		return problem("Unreadable certificate", "The file of the connection's tls_cert or tls_key can't be read. Check the paths, which are relative to "+
			"the project's folder, and that this user may read them.", "connection")
	}
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return problem("Unreadable certificate", "The connection's tls_cert and tls_key are not a certificate and its key in PEM form.", "connection")
	}
	config.Certificates = []tls.Certificate{pair}
	return nil
}

// verifyChain checks who signed the server's certificate, and not whom it is for.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the server has no certificate")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
	return err
}
