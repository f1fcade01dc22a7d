import Testing

@testable import Gateway

@Suite struct DialectTableTests {
  @Test func `every dialect has its own row`() {
    #expect(DialectTable.rows.map(\.dialect) == Dialect.allCases)
    for dialect in Dialect.allCases { #expect(dialect.row.dialect == dialect) }
  }

  @Test(arguments: Dialect.upstream)
  func `a provider of every dialect has a path for chats and one for its models`(dialect: Dialect) throws {
    let row = dialect.row
    #expect(try #require(row.path(of: .chat)).path.hasPrefix("/"))
    #expect(row.modelsPath.hasPrefix("/"))
  }

  @Test(arguments: Dialect.allCases)
  func `the last event of a stream that fails ends in every dialect and form`(dialect: Dialect) {
    for form in [CallEndpoint.Form.standard, .generate, .events, .array] {
      let (before, after) = dialect.row.errorFrame(form)
      #expect(after.utf8CodeUnitCount > 0, "\(form)")
      #expect(dialect.row.framing == .sse || before.utf8CodeUnitCount == 0)
    }
  }

  @Test func `comments keep the streams alive whose clients ignore them, and go to no others`() {
    #expect(Dialect.allCases.filter { CallEndpoint($0).hasComments } == [.openAI, .responses, .anthropic])
  }

  @Test func `every dialect sends the API key in a header field`() {
    for row in DialectTable.rows {
      #expect(row.credentialFields("sk-1").contains { $0.hasSuffix("sk-1") })
      #expect(!row.credentialFields(nil).contains { $0.contains("sk-1") })
    }
  }
}
