using Fleet.Client;

namespace Fleet.Cli.Printing;

/// <summary>How explanations are printed.</summary>
public static class Explained
{
    /// <summary>All sentences, one per line: what happened, and after an empty line what holds now.</summary>
    public static void Show(ExplanationView explanation, Output output)
    {
        foreach (var sentence in explanation.Sentences)
            output.Line(sentence.Text);
        if (explanation.Now.Reasons.Count == 0)
            return;
        if (explanation.Sentences.Count > 0)
            output.Line("");
        foreach (var reason in explanation.Now.Reasons)
            output.Line($"Now: {reason.Text}");
    }

    /// <summary>Why a run waits, in one line; null if there is nothing to say.</summary>
    public static string? Waits(ExplanationView? explanation) =>
        explanation?.Now is { State: "pending", Reasons: { Count: > 0 } reasons } && !IsOnItsWay(reasons[0].Code)
            ? Plain.Line(reasons[0].Text)
            : null;

    /// <summary>Nothing is wrong with a run that starts in a moment.</summary>
    private static bool IsOnItsWay(string code) => code is "mayStart" or "notStaged";
}
