using Fleet.Tests.House;

namespace Fleet.Tests.Support;

/// <summary>The built assembly of <c>tests/Fleet.JobPack</c>, which no program references.</summary>
internal static class JobPack
{
    private static readonly string Built = Path.Combine(
        Repository.Root, "tests", "Fleet.JobPack", "bin", Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!, "net10.0", "Fleet.JobPack.dll");

    /// <summary>Where the first attempt of <c>pack.order</c> kills its process, in the order of the road.</summary>
    public static readonly string[] KillPoints =
        ["firstLine", "beforeSave", "afterSave", "beforeCommit", "afterCommit", "afterComplete", "afterReturn"];

    /// <summary>Puts a copy into a folder.</summary>
    /// <param name="folder">The jobs folder.</param>
    /// <param name="place">The path in it.</param>
    public static void DropInto(TempFolder folder, string place = "Fleet.JobPack.dll")
    {
        var file = Path.Combine(folder.Path, place);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Copy(Built, file);
    }
}
