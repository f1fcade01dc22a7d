internal import CCurl

extension CurlHandle {
  /// Returns the error that the result of a transfer is, if the proxy is to blame for it.
  func proxyError(_ code: CURLcode) -> TransferError? {
    guard code != CURLE_OK, !isConnected, let proxy else { return nil }
    switch code {
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: return .proxyUnreachable
    case CURLE_OPERATION_TIMEDOUT: return .proxyTimedOut
    case CURLE_PROXY:
      return unsafe curl_easy_get_socks_login_failed(easy) != 0 ? .proxyCredentialsRejected : .proxyRejected
    default: break
    }
    // Behind a SOCKS proxy, only TLS with the upstream is left. A tunnel has the status of its CONNECT.
    if proxy.kind == .socks { return nil }
    let status = unsafe curl_easy_get_connect_status(easy)
    if status == 407 { return .proxyCredentialsRejected }
    guard status == 0 || (200..<300).contains(status) else { return .proxyRejected }
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CONNECT_ERROR,
      CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER:
      return status == 0 ? .proxyTLSFailed : nil
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING: return .proxyUnreachable
    default: return nil
    }
  }
}
