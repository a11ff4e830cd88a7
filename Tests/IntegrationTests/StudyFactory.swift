import Contracts
import Foundation
import Imaging

/// Studies of one tiny phantom under many UIDs: the images are the same, the runs are not.
struct StudyFactory {
    let template: StudySubmitted
    let folder: String

    init(_ site: Site, task: ClinicalTask = .brainMetastasis, seed: UInt64 = 11, regions: Int = 1) throws {
        folder = site.studies
        template = try PhantomStudy(task: task, seed: seed, size: .tiny, regionCount: regions)
            .write(to: folder, name: "phantom-\(task.rawValue)-\(seed)")
    }

    func study(_ number: Int, deadlineSeconds: Double = 900) -> StudySubmitted {
        var study = template
        study.studyInstanceUID = "1.2.3.\(number)"
        study.policy?.deadlineSeconds = deadlineSeconds
        return study
    }
}
