/// What this process runs in.
public struct RuntimeEnvironment: Sendable, Equatable {
  public var isContainer = false
  public var isKubernetes = false
  public var isWSL = false
  public var isVirtualMachine = false
  /// The board's maker and product, which name the cloud.
  public var product: String?

  public init() {}

  /// `aws`, `gcp`, `azure`, by what the firmware says.
  public var cloud: String? {
    guard let product = product?.lowercased() else { return nil }
    if product.contains("amazon") { return "aws" }
    if product.contains("google") { return "gcp" }
    if product.contains("microsoft") { return "azure" }
    return nil
  }
}
