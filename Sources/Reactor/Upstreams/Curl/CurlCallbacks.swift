internal import CCurl
internal import Glibc

// The C callbacks. Each finds its handle and forwards the call.

/// Calls `question` with the handle of a callback. Returns `none` if there is no handle.
private func ask<Answer>(
  _ context: UnsafeMutableRawPointer?, or none: Answer, _ question: (CurlHandle) -> Answer
) -> Answer {
  guard let context = unsafe context else { return none }
  return unsafe Unmanaged<CurlHandle>.fromOpaque(context)._withUnsafeGuaranteedRef(question)
}

/// Receives a piece of the response body.
func onBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ n: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes = unsafe bytes else { return 0 }
  return unsafe ask(context, or: 0) { unsafe $0.body(bytes, n) }
}

/// Receives a line of the response head.
func onHead(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ n: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes = unsafe bytes else { return 0 }
  return unsafe ask(context, or: 0) { unsafe $0.head(bytes, n) }
}

/// Provides a piece of a large request body.
func onRead(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ n: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes = unsafe bytes else { return 0 }
  return unsafe ask(context, or: 0) { unsafe $0.read(into: bytes, size &* n) }
}

/// Rewinds the request body.
func onSeek(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: CInt) -> CInt {
  guard offset == 0, origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
  return unsafe ask(context, or: CURL_SEEKFUNC_CANTSEEK) {
    $0.rewind()
    return CURL_SEEKFUNC_OK
  }
}

/// Runs before each request, also before one that libcurl repeats. libcurl calls `onSeek` only if it has sent some of the
/// body, not if it has merely read some and the connection accepted none.
func onRequest(
  _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: CInt,
  _ localPort: CInt
) -> CInt {
  unsafe ask(context, or: CURL_PREREQFUNC_OK) {
    $0.requesting(from: localPort) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
  }
}

/// Opens a socket.
func onOpen(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let address = unsafe address else { return -1 }
  let (family, type, number) = unsafe (
    address.pointee.family, address.pointee.socktype, address.pointee.protocol
  )
  return unsafe ask(context, or: -1) { $0.open(family, type, number) }
}

/// Closes a socket.
func onClose(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> CInt {
  guard let context = unsafe context else { return 1 }
  return unsafe Unmanaged<CurlCallbackQueue>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.close(socket) }
}
