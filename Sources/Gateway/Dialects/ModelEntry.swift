/// One model of a list.
struct ModelEntry: Equatable {
  /// Bytes that a model's name may have.
  static let idBytesMax = 256

  var id: String
  var ownedBy: String
  /// Seconds since 1970.
  var created: Int64
}
