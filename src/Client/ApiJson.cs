using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Client;

/// <summary>The types of the API, known to System.Text.Json at compile time.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, MaxDepth = MaxDepth, UseStringEnumConverter = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(CamelCaseEnumConverter<MisfirePolicy>), typeof(CamelCaseEnumConverter<OverlapPolicy>)])]
[JsonSerializable(typeof(IEnumerable<JsonElement>))]
[JsonSerializable(typeof(EnqueueBody))]
[JsonSerializable(typeof(EnqueueBatchBody))]
[JsonSerializable(typeof(CancelBody))]
[JsonSerializable(typeof(PutScheduleBody))]
[JsonSerializable(typeof(ControlBody))]
[JsonSerializable(typeof(PauseBody))]
[JsonSerializable(typeof(BackfillBody))]
[JsonSerializable(typeof(EnqueuedView))]
[JsonSerializable(typeof(EnqueuedBatchView))]
[JsonSerializable(typeof(CanceledView))]
[JsonSerializable(typeof(RunDetailView))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(ScheduleView))]
[JsonSerializable(typeof(BackfillView))]
[JsonSerializable(typeof(ScheduleFiguresView))]
[JsonSerializable(typeof(StatisticsView))]
[JsonSerializable(typeof(RatesView))]
[JsonSerializable(typeof(WorkerActivityView))]
[JsonSerializable(typeof(NextFireTimesView))]
[JsonSerializable(typeof(ScheduleDiffView))]
[JsonSerializable(typeof(TriggerView))]
[JsonSerializable(typeof(LiveFiguresView))]
[JsonSerializable(typeof(ChangesView))]
[JsonSerializable(typeof(RunChangeView))]
[JsonSerializable(typeof(ResyncView))]
[JsonSerializable(typeof(Page<FindingView>), TypeInfoPropertyName = "Findings")]
[JsonSerializable(typeof(Page<CheckView>), TypeInfoPropertyName = "Checks")]
[JsonSerializable(typeof(IReadOnlyList<CheckView>))]
[JsonSerializable(typeof(VersionView))]
[JsonSerializable(typeof(CalendarView))]
[JsonSerializable(typeof(SimulationView))]
[JsonSerializable(typeof(RunPageView), TypeInfoPropertyName = "Runs")]
[JsonSerializable(typeof(RunCountView))]
[JsonSerializable(typeof(DeadLetterView))]
[JsonSerializable(typeof(DeadGroupListView))]
[JsonSerializable(typeof(DeadGroupDetailView))]
[JsonSerializable(typeof(MuteView))]
[JsonSerializable(typeof(MuteBody))]
[JsonSerializable(typeof(DiscardBody))]
[JsonSerializable(typeof(DiscardedView))]
[JsonSerializable(typeof(ReplayDeadLetterBody))]
[JsonSerializable(typeof(ReplayedView))]
[JsonSerializable(typeof(DeadLetterExportView))]
[JsonSerializable(typeof(ImportDeadLettersBody))]
[JsonSerializable(typeof(ImportedView))]
[JsonSerializable(typeof(PutViewBody))]
[JsonSerializable(typeof(SavedViewView))]
[JsonSerializable(typeof(Page<SavedViewView>), TypeInfoPropertyName = "Views")]
[JsonSerializable(typeof(Page<LogLineView>), TypeInfoPropertyName = "Logs")]
[JsonSerializable(typeof(Page<ScheduleView>), TypeInfoPropertyName = "Schedules")]
[JsonSerializable(typeof(WhoAmIView))]
[JsonSerializable(typeof(CreateKeyBody))]
[JsonSerializable(typeof(RotateKeyBody))]
[JsonSerializable(typeof(SignInBody))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(CreatedKeyView))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(Page<KeyView>), TypeInfoPropertyName = "Keys")]
[JsonSerializable(typeof(Page<SessionView>), TypeInfoPropertyName = "Sessions")]
[JsonSerializable(typeof(Page<AuditView>), TypeInfoPropertyName = "AuditEntries")]
[JsonSerializable(typeof(PreviewOperationBody))]
[JsonSerializable(typeof(CreateOperationBody))]
[JsonSerializable(typeof(OperationPreviewView))]
[JsonSerializable(typeof(OperationView))]
[JsonSerializable(typeof(Page<OperationView>), TypeInfoPropertyName = "Operations")]
[JsonSerializable(typeof(Page<OccurrenceView>), TypeInfoPropertyName = "Occurrences")]
[JsonSerializable(typeof(LaneView))]
[JsonSerializable(typeof(LaneDemandView))]
[JsonSerializable(typeof(WorkerDetailView))]
[JsonSerializable(typeof(Page<WorkerView>), TypeInfoPropertyName = "Workers")]
[JsonSerializable(typeof(Page<LaneView>), TypeInfoPropertyName = "Lanes")]
[JsonSerializable(typeof(Page<JobView>), TypeInfoPropertyName = "Jobs")]
public sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>How deep an answer may nest: args of 64 levels and what is around them.</summary>
    public const int MaxDepth = 128;
}

/// <summary>Writes an enum as the API does: as a camelCase word.</summary>
internal sealed class CamelCaseEnumConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
