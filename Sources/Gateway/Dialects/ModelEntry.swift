/// One model in a list of models.
struct ModelEntry: Equatable {
  /// The most bytes of a model's name.
  static let idBytesMax = 256

  var id: String
  var ownedBy: String
  /// Seconds since 1970.
  var created: Int64
}
