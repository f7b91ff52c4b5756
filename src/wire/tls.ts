/** The codes of Node's errors for a TLS connection that could not be made: the certificate, or a server that does not speak TLS. */
export const refusedTls: RegExp = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/
