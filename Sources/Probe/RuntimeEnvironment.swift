/// The environment of this process: container, virtual machine, and cloud.
public struct RuntimeEnvironment: Sendable, Equatable {
  public var isContainer = false
  public var isKubernetes = false
  public var isWSL = false
  public var isVirtualMachine = false
  /// The board's vendor and product name, which identify the cloud.
  public var product: String?

  public init() {}

  /// `aws`, `gcp`, or `azure`, from the product name; `nil` for any other.
  public var cloud: String? {
    guard let product = product?.lowercased() else { return nil }
    if product.contains("amazon") { return "aws" }
    if product.contains("google") { return "gcp" }
    if product.contains("microsoft") { return "azure" }
    return nil
  }
}
