import Contracts
import Datasets
import Evaluation
import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

struct ReportTests {
    /// What an XML parser finds in a page.
    private final class Page: NSObject, XMLParserDelegate {
        var names: [String: Int] = [:]
        var identifiers: [String] = []
        var references: [String] = []
        var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            names[name, default: 0] += 1
            if let id = attributes["id"] { identifiers.append(id) }
            for key in ["href", "src"] { if let value = attributes[key] { references.append(value) } }
            for value in attributes.values where value.contains("nan") || value.contains("inf") {
                Issue.record("\(name) has an attribute '\(value)'")
            }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    private func parsed(_ report: EvaluationReport) throws -> Page {
        let page = Page()
        let parser = XMLParser(data: Data(report.html().utf8))
        parser.delegate = page
        #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
        return page
    }

    private func report(leaking: Bool = false) throws -> EvaluationReport {
        var material = Cohorts.brain(systems: [("3D ResNet6 <T1 & T2>", 0.5), ("3D ResNet18", 0.3)], leaking: leaking)
        material.readings = [
            Reading(
                reader: "Radiologist", condition: "",
                calls: Dictionary(
                    uniqueKeysWithValues: material.cases.enumerated().map {
                        ($1.id, $0 % 3 == 0 ? "bc" : $1.outcome.rawValue.lowercased())
                    }))
        ]
        let evaluation = try Evaluation(material, settings: EvaluationSettings(resamples: 50))
        let history = try TrainingHistory(
            name: "ResNet18",
            text:
                "epoch,trainingLoss,testingLoss,testingAUC,rate\n1,0.7,0.71,0.5,0.1\n2,0.6,0.65,0.62,0.1\n3,0.5,,0.7,0.1\n"
        )
        let picture = CasePicture(
            system: "3D ResNet18", task: .bcVersusGIC, cohort: .independent, kind: .worst, id: "sub-1_0", truth: "BC",
            probability: 0.03, inside: 0.5, png: [0x89, 0x50])
        return EvaluationReport(evaluation, histories: [history], pictures: [picture], date: "2026-11-22")
    }

    @Test func thePageIsWellFormedAndNeedsNothingElse() throws {
        let page = try parsed(try report())
        #expect(page.names["script"] == nil && page.names["link"] == nil && page.names["iframe"] == nil)
        #expect(page.references.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:image/png;base64,") })
        #expect(
            page.references.filter { $0.hasPrefix("#") }.allSatisfy {
                page.identifiers.contains(String($0.dropFirst()))
            })
        #expect(Set(page.identifiers).count == page.identifiers.count)
        #expect(page.names["svg", default: 0] >= 3 * 6 && page.names["table", default: 0] >= 10)
        #expect(page.text.contains("Research use only. Not for diagnosis."))
        #expect(page.text.contains("3D ResNet6 <T1 & T2>"))
    }

    @Test func patientsAreNeverNamed() throws {
        var material = Cohorts.brain()
        for index in material.cases.indices { material.cases[index].patient = "SECRET\(index / 2)" }
        let evaluation = try Evaluation(material, settings: EvaluationSettings(resamples: 20))
        #expect(!EvaluationReport(evaluation).html().contains("SECRET"))
        #expect(!String(decoding: try EvaluationFiles.json(evaluation), as: UTF8.self).contains("SECRET"))
    }

    @Test func leakageIsPrintedPlainly() throws {
        #expect(try parsed(try report(leaking: true)).text.contains("Leakage:"))
        #expect(try parsed(try report()).text.contains("No patient stands in more than one cohort."))
    }

    @Test func theSameEvaluationIsTheSamePage() throws {
        #expect(try report().html() == report().html())
    }

    @Test func areasOnThePageAreThoseOfTheFigures() throws {
        let report = try report()
        let text = try parsed(report).text
        for figure in report.evaluation.figures {
            let digits = Int((figure.auc.value * 1000).rounded())
            #expect(text.contains(digits == 1000 ? "1.000" : "0." + String("00\(digits)".suffix(3))))
        }
    }

    @Test func historiesWithoutEpochsOrLinesAreRefused() {
        #expect(throws: (any Error).self) { try TrainingHistory(name: "x", text: "step,loss\n1,2\n") }
        #expect(throws: (any Error).self) { try TrainingHistory(name: "x", text: "epoch,rate\n1,2\n2,3\n") }
    }

    @Test func jsonHoldsEveryPartAndNoInfinity() throws {
        let data = try EvaluationFiles.json(try report().evaluation)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for key in [
            "schema", "disclaimer", "cohorts", "cohortTests", "overlaps", "figures", "comparisons",
            "cohortComparisons", "hierarchies", "readers", "readerComparisons", "agreement", "warnings",
        ] {
            #expect(object[key] != nil, "\(key)")
        }
    }
}
