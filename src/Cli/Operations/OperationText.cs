using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Operations;

/// <summary>Operations in words.</summary>
internal static class OperationText
{
    private static readonly Listing<RunView> Sample = new(run => run.Id)
    {
        { "ID", run => run.Id, ColumnKind.Id },
        { "JOB", run => run.Job },
        { "LANE", run => run.Lane },
        { "STATE", run => run.State, ColumnKind.State },
        { "CREATED", run => run.CreatedAt },
    };

    /// <summary>The participle of a kind, such as <c>replayed</c>.</summary>
    public static string Done(string kind) => kind switch
    {
        "cancel" => "canceled",
        "replay" => "replayed",
        "delete" => "deleted",
        _ => "changed",
    };

    /// <summary>The present participle of a kind, such as <c>Replaying</c>.</summary>
    public static string Doing(string kind) => kind switch
    {
        "cancel" => "Canceling",
        "replay" => "Replaying",
        "delete" => "Deleting",
        _ => "Changing",
    };

    /// <summary>What became of the runs, such as <c>998 replayed, 2 skipped (2 changed, 0 gone)</c>.</summary>
    public static string Counts(OperationView operation)
    {
        var text = $"{operation.Done} {Done(operation.Kind)}";
        if (operation.Skipped.Changed + operation.Skipped.Gone is > 0 and var skipped)
            text += $", {skipped} skipped ({operation.Skipped.Changed} changed, {operation.Skipped.Gone} gone)";
        return operation.Failed > 0 ? $"{text}, {operation.Failed} failed" : text;
    }

    /// <summary>Prints a preview for people.</summary>
    public static void Show(OperationPreviewView preview, Output output)
    {
        if (preview.Count.Value == 0)
        {
            output.Line("No run matches that can be " + Done(preview.Kind) + ".");
            return;
        }

        output.Line($"{preview.Count} run{(preview.Count is { Value: 1, Relation: "eq" } ? "" : "s")} would be {Done(preview.Kind)}:");
        output.Table(Sample, preview.Sample);
        if (preview.Count.Value > preview.Sample.Count)
            output.Line("…");
    }
}
