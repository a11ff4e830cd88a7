import Classifiers
import Contracts
import Foundation
import Learning
import Testing

/// The demonstration models that come with this software.
struct ShippedModelsTests {
    private static let recipes: [ClassifierRole: String] = [
        .lungVersusNonLung: "lung-vs-non-lung", .sclcVersusNSCLC: "sclc-vs-nsclc", .bcVersusGIC: "bc-vs-gic",
        .nodeStatus: "lymph-node",
    ]

    @Test(arguments: ClassifierRole.allCases)
    func everyRoleHasAModelThatItsRecipeMade(role: ClassifierRole) throws {
        let catalog = try ModelCatalog.open(directory: RecipeTests.repository + "/models")
        let model = try catalog.model(for: role)
        let name = try #require(Self.recipes[role])
        let recipe = try RecipeFile(path: "\(RecipeTests.repository)/recipes/demo/\(name).yaml").recipe()
        #expect(model.description.architecture == recipe.architecture)
        #expect(model.description.input.sequences == recipe.input.sequences)
        #expect(model.description.training?["recipeSHA256"]?.text == recipe.digest)
        #expect(model.description.intendedUse.contains("phantoms only"))
        #expect(model.description.intendedUse.contains("Not for diagnosis"))
        let card = try String(
            contentsOfFile: "\(try #require(model.path))/MODEL_CARD.md", encoding: .utf8)
        #expect(card.contains("Not for diagnosis") && card.contains("independent cohort"))
    }

    @Test func allOfThemTakeAtMostTwentyMegabytes() throws {
        let files = try #require(FileManager.default.enumerator(atPath: RecipeTests.repository + "/models"))
        var bytes = 0
        while let name = files.nextObject() as? String {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: "\(RecipeTests.repository)/models/\(name)")
            if attributes[.type] as? FileAttributeType == .typeRegular { bytes += (attributes[.size] as? Int) ?? 0 }
        }
        #expect(bytes > 0 && bytes <= 20_000_000)
    }
}
