/// What the publisher said of the study, given back so that it finds its own.
package struct ResultSubject: Codable, Sendable, Equatable {
    package var site: String?
    package var accessionNumber: String?

    package init(site: String?, accessionNumber: String?) {
        self.site = site
        self.accessionNumber = accessionNumber
    }
}
