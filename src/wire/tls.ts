/**
 * The codes of Node's errors for a TLS connection that could not be made: the certificate, or what the two sides speak. EPROTO and
 * damaged records are not among them: they also come from a connection that is in use (OpenSSL's reasons, in Node's `ERR_SSL_…`).
 */
export const refusedTls: RegExp =
  /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS_(DH_PARAM|INVALID_PROTOCOL)|^ERR_SSL_.*(HANDSHAKE_FAILURE|WRONG_VERSION|SSL_VERSION|PROTOCOL_VERSION|UN(SUPPORTED|KNOWN)_PROTOCOL|NO_PROTOCOLS|APPLICATION_PROTOCOL|SHARED_CIPHER|INSUFFICIENT_SECURITY|UNKNOWN_CA|UNRECOGNIZED_NAME|KEY_TOO_SMALL|LEGACY_RENEGOTIATION|HTTP_REQUEST)/
