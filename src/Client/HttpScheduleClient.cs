using System.Globalization;
using System.Text.Json;

namespace Fleet.Client;

/// <summary>The schedule client for a program that reaches Fleet over HTTP.</summary>
internal sealed class HttpScheduleClient(FleetServer server) : IScheduleClient
{
    public async Task<ScheduleInfo> PutAsync(ScheduleRequest schedule, CancellationToken ct = default)
    {
        if (!IsId(schedule.Id))
            throw NoId(schedule.Id);
        var body = JsonSerializer.SerializeToUtf8Bytes(ToBody(schedule), ApiJson.Default.PutScheduleBody);
        return ToInfo(await PutAsync(PathOf(schedule.Id), body, ct) ?? throw server.Foreign());
    }

    public async Task<ScheduleInfo?> GetAsync(string id, CancellationToken ct = default) =>
        IsId(id) ? ToInfoOrNull(await server.GetAsync(PathOf(id), ApiJson.Default.ScheduleView, ct)) : null;

    public async Task<IReadOnlyList<ScheduleInfo>> ListAsync(CancellationToken ct = default)
    {
        var page = await server.GetAsync("schedules", ApiJson.Default.Schedules, ct) ?? throw server.Foreign();
        return [.. page.Items.Select(ToInfo)];
    }

    public async Task<ScheduleInfo?> PauseAsync(
        string id, DateTimeOffset? until = null, string? reason = null, CancellationToken ct = default) =>
        await ControlAsync(
            id, "pause",
            JsonSerializer.SerializeToUtf8Bytes(new PauseBody { Until = Text(until), Reason = reason }, ApiJson.Default.PauseBody), ct);

    public async Task<ScheduleInfo?> ResumeAsync(string id, string? reason = null, CancellationToken ct = default) =>
        await ControlAsync(
            id, "resume", JsonSerializer.SerializeToUtf8Bytes(new ControlBody { Reason = reason }, ApiJson.Default.ControlBody), ct);

    public async Task<RunId?> TriggerAsync(string id, CancellationToken ct = default)
    {
        if (!IsId(id))
            return null;
        // Not repeated: a second request would make a second run.
        var answer = await server.PostAsync(PathOf(id) + "/trigger", body: null, ApiJson.Default.EnqueuedView, isRepeatable: false, ct);
        if (answer is null)
            return null;
        return RunId.TryParse(answer.Id, out var run) ? run : throw server.Foreign();
    }

    public Task<bool> DeleteAsync(string id, CancellationToken ct = default) =>
        IsId(id) ? server.DeleteAsync(PathOf(id), ct) : Task.FromResult(false);

    /// <summary>Creates it, or changes it whatever it is: what a program declares is right.</summary>
    private async Task<ScheduleView?> PutAsync(string path, byte[] body, CancellationToken ct)
    {
        try
        {
            return await server.PutAsync(path, body, ApiJson.Default.ScheduleView, isMatch: false, ct);
        }
        catch (InvalidRunException e) when (e.Error.Code == "precondition_required")
        {
            return await server.PutAsync(path, body, ApiJson.Default.ScheduleView, isMatch: true, ct);
        }
    }

    private async Task<ScheduleInfo?> ControlAsync(string id, string verb, byte[] body, CancellationToken ct) => IsId(id)
        ? ToInfoOrNull(await server.PostAsync($"{PathOf(id)}/{verb}", body, ApiJson.Default.ScheduleView, isRepeatable: true, ct))
        : null;

    private static string PathOf(string id) => "schedules/" + Uri.EscapeDataString(id);

    /// <summary>Whether a schedule can have this id. Others are not sent: they would name another path, or none.</summary>
    private static bool IsId(string id) => Names.IsName(id);

    private static InvalidRunException NoId(string id)
    {
        var shown = Shown.Value(id);
        return new InvalidRunException(
            new InputError("invalid_name", "id", $"id: '{shown}' is not allowed; allowed is {Names.Allowed}.", shown, Names.Allowed));
    }

    private static string? Text(DateTimeOffset? instant) => instant?.ToString("O", CultureInfo.InvariantCulture);

    private static PutScheduleBody ToBody(ScheduleRequest schedule) => new()
    {
        Job = schedule.Job,
        Args = JsonElement.Parse(schedule.Args),
        Cron = schedule.Trigger.Cron,
        Every = schedule.Trigger.Every,
        Anchor = Text(schedule.Trigger.Anchor),
        At = Text(schedule.Trigger.At),
        Zone = schedule.Trigger.Zone,
        StartsAt = Text(schedule.Trigger.StartsAt),
        EndsAt = Text(schedule.Trigger.EndsAt),
        Exclude = schedule.Trigger.Exclude,
        Jitter = schedule.Trigger.Jitter,
        Lane = schedule.Lane,
        MaxAttempts = schedule.MaxAttempts,
        Tags = schedule.Tags,
        MaxOccurrences = schedule.MaxOccurrences,
        Misfire = schedule.Misfire,
        MisfireDeadline = schedule.MisfireDeadline,
        Overlap = schedule.Overlap,
        Labels = schedule.Labels,
    };

    private ScheduleInfo? ToInfoOrNull(ScheduleView? schedule) => schedule is null ? null : ToInfo(schedule);

    private ScheduleInfo ToInfo(ScheduleView schedule) => new()
    {
        Definition = new ScheduleRequest
        {
            Id = schedule.Id,
            Job = schedule.Job,
            Args = schedule.Args?.GetRawText() ?? "{}",
            Trigger = new TriggerSpec
            {
                Cron = schedule.Cron,
                Every = schedule.Every,
                Anchor = schedule.Anchor,
                At = schedule.At,
                Zone = schedule.Zone,
                StartsAt = schedule.StartsAt,
                EndsAt = schedule.EndsAt,
                Exclude = schedule.Exclude.Count > 0 ? schedule.Exclude : null,
                Jitter = schedule.Jitter,
            },
            Lane = schedule.Lane,
            MaxAttempts = schedule.MaxAttempts,
            Tags = schedule.Tags.Count > 0 ? schedule.Tags : null,
            MaxOccurrences = schedule.MaxOccurrences,
            Misfire = Read<MisfirePolicy>(schedule.Misfire),
            MisfireDeadline = schedule.MisfireDeadline,
            Overlap = Read<OverlapPolicy>(schedule.Overlap),
            Labels = schedule.Labels.Count > 0 ? schedule.Labels : null,
        },
        Status = Read<ScheduleStatus>(schedule.Status),
        StatusReason = schedule.StatusReason,
        ResumeAt = schedule.ResumeAt,
        NextFireAt = schedule.NextFireAt,
        LastFireTime = schedule.LastFireTime,
        Source = schedule.Source,
        UpdatedAt = schedule.UpdatedAt,
    };

    private T Read<T>(string word) where T : struct, Enum =>
        Enum.TryParse<T>(word, ignoreCase: true, out var value) ? value : throw server.Foreign();
}
