#!/bin/sh
# SPDX-License-Identifier: ISC
# Make certificates in directory $1: NAME.pem holds key and chain as a server
# sends them, and is for *.NAME.test unless its line below says otherwise.
# ca.pem is the root to trust, ca/ the same as a hashed directory.

set -eu
umask 077
rm -rf "$1"
mkdir -p "$1/ca" "$1/issued"
cd "$1"
exec 2>log
esc=$(printf '\033')

openssl ecparam -genkey -name prime256v1 -noout -out key
: >index
cat >ca.cnf <<END
[ca]
default_ca = one
[one]
new_certs_dir = issued
database = index
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = optional
END

root() # NAME
{
	openssl req -x509 -new -key key -subj "/CN=$1" -days 30 -out "$1.crt" \
	    -addext keyUsage=critical,keyCertSign
}

# NAME ISSUER SUBJECT START END EXTENSIONS
signed()
{
	printf '%s\n' "$6" >"$1.ext"
	openssl req -new -key key -utf8 -subj "$3" -out "$1.csr"
	openssl ca -batch -notext -config ca.cnf -cert "$2.crt" -keyfile key \
	    -startdate "$4" -enddate "$5" -extfile "$1.ext" -in "$1.csr" \
	    -out "$1.crt" >/dev/null
	cat key "$1.crt" >"$1.pem"
}

past=20200101000000Z
gone=20200301000000Z
future=20980101000000Z
end=20990101000000Z

san() # NAME SAN [ISSUER [START [END]]]
{
	signed "$1" "${3:-root}" "/CN=ok.$1.test" "${4:-$past}" "${5:-$end}" \
	    "${2:+subjectAltName = $2}"
}

root root
root other
cp root.crt ca.pem
cp root.crt "ca/$(openssl x509 -noout -subject_hash -in root.crt).0"
signed middle root /CN=middle "$past" "$end" "basicConstraints = CA:TRUE"

san good 'DNS:*.good.test'
san exact 'DNS:ok.exact.test'
san expired 'DNS:*.expired.test' root "$past" "$gone"
san future 'DNS:*.future.test' root "$future"
san unknown 'DNS:*.unknown.test' other
san nochain 'DNS:*.nochain.test' middle
san chain 'DNS:*.chain.test' middle
cat middle.crt >>chain.pem
san cnonly ''
san ipsan 'IP:127.0.0.1'
san quad 'DNS:127.0.0.1'
san uri 'URI:https://ok.uri.test/'
san partial 'DNS:o*.partial.test'
san double 'DNS:*.*.test'
san deep 'DNS:*.test'
san provider 'DNS:*.provider.example'
san many "$(seq -f 'DNS:name-%g.provider.example' -s , 60)"
san hostile "DNS:evil${esc}[31m.example"
san client 'DNS:*.client.test
extendedKeyUsage = clientAuth'
openssl req -x509 -new -key key -utf8 -subj "/CN=evil${esc}[31m
forged line" -days 30 -addext 'subjectAltName=DNS:*.self.test' -out self.crt
cat key self.crt >self.pem
