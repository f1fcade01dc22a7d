/// An error in the body of a message: of a request, or in its framing also of a response.
package enum BodyError: Error, Equatable, Sendable {
  /// The body is longer than the limit, as declared or as received.
  case tooLarge
  /// The body of a method without one is longer than the limit of a body that is dropped.
  case unwanted
  case chunkSize, chunkExtension, chunkExtensionTooLong, chunkEnd, lineEnd, trailer, trailersTooLarge
}
