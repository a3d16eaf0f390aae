// Package detect is the judgement: it counts the rejections that SIP registrars send, per registrar, client and
// extension, and tells which of them are attacks.
package detect
