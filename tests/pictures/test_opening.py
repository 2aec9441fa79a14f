"""Every kind of file that people hand over either becomes an upright RGB picture or one clear sentence."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from core.pictures.annotations import shown_size
from core.pictures.opening import PictureError, as_picture, open_picture

RED, GREEN, BLUE, YELLOW = (230, 20, 20), (20, 200, 20), (20, 20, 230), (230, 220, 20)


def corners() -> Image.Image:
    """60 x 40 with a colour in each corner, so that no turn or flip looks like another."""
    picture = Image.new("RGB", (60, 40), RED)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((30, 0, 59, 19), fill=GREEN)
    draw.rectangle((0, 20, 29, 39), fill=BLUE)
    draw.rectangle((30, 20, 59, 39), fill=YELLOW)
    return picture


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def with_chunks(content: bytes, *chunks: bytes) -> bytes:
    """A PNG with further chunks behind its header."""
    header = 33
    return content[:header] + b"".join(chunks) + content[header:]


def tiff_of(values: np.ndarray, order: str, photometric: int, sample_format: int = 1) -> bytes:
    """An uncompressed TIFF, as its specification lays it out.

    Parameters
    ----------
    photometric
        0 where the value 0 is white, 1 where it is black, 2 for red, green and blue.
    """
    height, width = values.shape[:2]
    samples = values.shape[2] if values.ndim == 3 else 1
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    bits = struct.pack(order + "H" * samples, *[8 * values.itemsize] * samples)
    behind = bits if samples > 2 else b""
    stated = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, samples, 8 + len(data) if behind else bits), (259, 3, 1, 1),
        (262, 3, 1, photometric), (273, 4, 1, 8), (277, 3, 1, samples), (278, 4, 1, height), (279, 4, 1, len(data)),
        (339, 3, 1, sample_format),
    ]  # fmt: skip

    def entry(tag: int, kind: int, count: int, value: int | bytes) -> bytes:
        if isinstance(value, int):
            value = struct.pack(order + ("H" if kind == 3 and value < 2**16 and count == 1 else "I"), value)
        return struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")

    directory = struct.pack(order + "H", len(stated)) + b"".join(entry(*each) for each in stated) + b"\0" * 4
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return mark + struct.pack(order + "I", 8 + len(data) + len(behind)) + data + behind + directory


def swapped_profile() -> bytes:
    """sRGB but for its first two primaries, which are exchanged: red is stored as green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = (slice(entries[name] + 4, entries[name] + 12) for name in (b"rXYZ", b"gXYZ"))
    profile[red], profile[green] = profile[green], profile[red]
    return bytes(profile)


def assert_close(picture: Image.Image, expected: Image.Image, tolerance: float = 0) -> None:
    assert (picture.mode, picture.size) == ("RGB", expected.size)
    difference = np.abs(np.asarray(picture, float) - np.asarray(expected.convert("RGB"), float))
    assert difference.mean() <= tolerance


@pytest.mark.parametrize(
    ("kind", "tolerance"), [("PNG", 0), ("BMP", 0), ("TIFF", 0), ("GIF", 0), ("WEBP", 8), ("JPEG", 8)]
)
def test_each_format_opens_as_what_was_saved(kind, tolerance):
    assert_close(open_picture(saved(corners(), kind)), corners(), tolerance)


def test_path_bytes_and_file_give_the_same_picture(tmp_path):
    content = saved(corners(), "PNG")
    path = tmp_path / "corners.png"
    path.write_bytes(content)
    file = io.BytesIO(content)
    file.read()  # someone has looked at it before
    for source in (path, str(path), content, file):
        assert_close(open_picture(source), corners())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_all_eight_exif_orientations_come_out_upright(orientation, kind):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = corners().transpose(undo[orientation]) if orientation in undo else corners()
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_close(open_picture(saved(stored, kind, exif=exif)), corners(), 8)


def test_metadata_is_dropped():
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    picture = open_picture(saved(corners(), "JPEG", exif=exif, comment=b"at home", icc_profile=b"profile"))
    assert picture.info == {}
    assert not picture.getexif()
    assert b"camera" not in saved(picture, "PNG")


def test_broken_exif_does_not_refuse_a_sound_picture():
    content = saved(corners(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xffnonsense")
    assert_close(open_picture(content), corners(), 8)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "RGB"])
def test_opaque_modes_look_as_pillow_shows_them(mode):
    picture = corners().convert(mode)
    kind = {"CMYK": "TIFF", "YCbCr": "TIFF"}.get(mode, "PNG")
    assert_close(open_picture(saved(picture, kind)), picture.convert("RGB"), 1)


def test_cmyk_jpeg_keeps_its_colours():
    assert_close(open_picture(saved(corners().convert("CMYK"), "JPEG", quality=95)), corners(), 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_is_white(mode):
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 4, 8))
    seen = np.asarray(open_picture(saved(clear.convert(mode), "TIFF" if mode == "PA" else "PNG")))
    assert (seen[:, :4] == 0).all()
    assert (seen[:, 4:] == 255).all()


def test_half_transparent_black_over_white_is_grey():
    seen = open_picture(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG"))
    assert seen.getpixel((0, 0)) == (127, 127, 127)


def test_a_palette_s_transparent_entry_is_white():
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([0, 0, 0, 200, 0, 0])
    picture.paste(1, (0, 0, 2, 4))
    for kind in ("PNG", "GIF"):
        seen = open_picture(saved(picture, kind, transparency=0))
        assert seen.getpixel((0, 0)) == (200, 0, 0)
        assert seen.getpixel((3, 0)) == (255, 255, 255)


def test_a_transparent_grey_level_or_colour_is_white():
    grey = Image.new("L", (4, 4), 40)
    assert open_picture(saved(grey, "PNG", transparency=40)).getpixel((0, 0)) == (255, 255, 255)
    colour = Image.new("RGB", (4, 4), (9, 9, 9))
    assert open_picture(saved(colour, "PNG", transparency=(9, 9, 9))).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("stored", "shown"), [(0, 0), (200, 1), (32768, 128), (65535, 255)])
def test_sixteen_bits_are_scaled_by_their_range_and_not_by_the_picture_s_extremes(kind, stored, shown):
    picture = Image.fromarray(np.full((4, 4), stored, np.uint16))
    assert open_picture(saved(picture, kind)).getpixel((0, 0)) == (shown, shown, shown)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [(np.float32(0.5), 128), (np.float32(128.0), 128), (np.float32(np.nan), 0), (np.int32(77), 77), (np.int32(-5), 0)],
)
def test_floating_point_and_wide_integers_are_scaled_by_the_least_range_that_holds_them(stored, shown):
    values = np.full((4, 4), stored)
    if stored == np.float32(0.5):
        values[0, 0] = 1.0
    elif stored == np.float32(128.0):
        values[0, 0] = 255.0
    assert open_picture(saved(Image.fromarray(values), "TIFF")).getpixel((2, 2)) == (shown, shown, shown)


def test_the_first_frame_of_an_animation_is_shown():
    frames = [corners(), Image.new("RGB", (60, 40), "black")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        content = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert_close(open_picture(content), corners(), 8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_refused(kind, share):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    content = saved(noise, kind)
    with pytest.raises(PictureError, match="damaged or incomplete"):
        open_picture(content[: int(len(content) * share)])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_scrambled_bytes_open_or_are_refused_in_words(kind):
    generator = np.random.default_rng(1)
    content = np.frombuffer(saved(corners(), kind), np.uint8)
    for _ in range(60):
        scrambled = content.copy()
        places = generator.integers(0, len(content), 8)
        scrambled[places] = generator.integers(0, 256, 8)
        with suppress(PictureError):
            assert open_picture(scrambled.tobytes()).mode == "RGB"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"just some text", "This is not a PNG"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"  <svg xmlns=''></svg>", "an SVG drawing"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "HEIC"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff" * 20_000_001, "over 20 MB"),
    ],
)
def test_what_is_no_picture_is_told_what_it_is(content, sentence):
    with pytest.raises(PictureError, match=sentence):
        open_picture(content)


def test_an_unsupported_picture_format_is_refused():
    with pytest.raises(PictureError, match="convert it to PNG"):
        open_picture(saved(corners(), "PPM"))


def test_a_missing_path_and_a_folder_are_refused(tmp_path):
    with pytest.raises(PictureError, match="There is no file at"):
        open_picture(tmp_path / "absent.png")
    with pytest.raises(PictureError, match="cannot be read"):
        open_picture(tmp_path)


@pytest.mark.parametrize("side", [8_000, 20_000, 2_000_000_000])
def test_a_decompression_bomb_is_refused_by_its_header_alone(side):
    with pytest.raises(PictureError, match=r"megapixels; the limit is 50\. Scale it down, or raise HEATCHECK_MAX"):
        open_picture(png_header(side, side))


def test_the_limit_can_be_raised_and_pillow_s_own_is_left_alone(monkeypatch):
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setenv("HEATCHECK_MAX_MEGAPIXELS", "1000")
    with pytest.raises(PictureError, match="damaged"):
        open_picture(png_header(20_000, 20_000))
    monkeypatch.setenv("HEATCHECK_MAX_MEGAPIXELS", "0.001")
    with pytest.raises(PictureError, match=r"the limit is 0\.001"):
        open_picture(saved(corners(), "PNG"))
    monkeypatch.setenv("HEATCHECK_MAX_MEGAPIXELS", "many")
    with pytest.raises(PictureError, match="'many', which is not a number"):
        open_picture(saved(corners(), "PNG"))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(width, height):
    with pytest.raises(PictureError):
        open_picture(png_header(width, height))
    gif = b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";"
    with pytest.raises(PictureError):
        open_picture(gif)


def test_a_hair_s_breadth_is_refused_and_a_single_pixel_is_not():
    with pytest.raises(PictureError, match="too narrow"):
        open_picture(saved(Image.new("RGB", (5000, 2)), "PNG"))
    assert open_picture(saved(Image.new("RGB", (1, 1), RED), "PNG")).getpixel((0, 0)) == RED


@pytest.mark.parametrize(
    ("order", "kind"), [("<", np.uint8), ("<", np.uint16), ("<", np.uint32), (">", np.uint8), (">", np.uint16)]
)
@pytest.mark.parametrize("photometric", [0, 1])
def test_grey_levels_are_shown_the_way_round_that_the_file_states(order, kind, photometric):
    top = np.iinfo(kind).max
    stored = np.array([[0, top // 4, top]], kind)
    stored = np.repeat(stored, 2, axis=0)
    shares = np.array([0, 1 / 4, 1]) if photometric else np.array([1, 3 / 4, 0])
    seen = np.asarray(open_picture(tiff_of(stored, order, photometric)))[0, :, 0]
    assert np.abs(seen - shares * 255).max() <= 1


def test_floating_point_of_which_0_is_white_is_turned_round():
    stored = np.array([[0.0, 0.25, 1.0]] * 2, np.float32)
    seen = np.asarray(open_picture(tiff_of(stored, "<", 0, sample_format=3)))[0, :, 0]
    assert seen.tolist() == [255, 191, 0]


@pytest.mark.parametrize(
    ("values", "photometric", "sample_format", "kind"),
    [
        (np.zeros((4, 6, 3), np.float32), 2, 3, "3 channels of 32-bit floating-point numbers"),
        (np.zeros((4, 6, 7), np.uint8), 1, 1, "7 channels of 8-bit unsigned integers"),
        (np.zeros((4, 6), np.float64), 1, 3, "1 channel of 64-bit floating-point numbers"),
    ],
)
def test_a_sound_tiff_that_is_not_read_is_not_called_damaged(values, photometric, sample_format, kind):
    with pytest.raises(PictureError, match=f"a kind of TIFF that HeatCheck does not read: {kind}. Convert it"):
        open_picture(tiff_of(values, "<", photometric, sample_format=sample_format))


def test_a_tiff_cut_within_its_directory_is_damaged():
    content = tiff_of(np.zeros((4, 6, 7), np.uint8), "<", 1)
    with pytest.raises(PictureError, match="damaged"):
        open_picture(content[:-20])


LONG = zlib.compress(b"x" * 1_500_000)
TEXTS = {
    "packed text": [chunk(b"zTXt", b"prompt\0\0" + LONG)],
    "packed text of any language": [chunk(b"iTXt", b"prompt\0\1\0\0\0" + LONG)],
    "plain text": [chunk(b"tEXt", b"prompt\0" + b"x" * 1_500_000)],
    "many texts": [chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"x" * 900_000))] * 90,
    "text that tells no turn": [chunk(b"zTXt", b"Raw profile type exif\0\0" + LONG)] * 2,
    "broken text": [chunk(b"zTXt", b"prompt\0\0not packed")],
}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS.keys())
def test_a_png_opens_whatever_its_texts_say(texts, tmp_path):
    content = with_chunks(saved(corners(), "PNG"), *texts)
    assert_close(open_picture(content), corners())
    (tmp_path / "a.png").write_bytes(content)
    assert shown_size(tmp_path / "a.png") == (60, 40)


def test_a_text_that_tells_how_a_png_is_turned_is_heeded_and_the_others_are_not():
    meta = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><r tiff:Orientation=\"6\"/></x:xmpmeta>"
    turned = corners().transpose(Image.Transpose.ROTATE_90)
    texts = [TEXTS["packed text"][0], chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + meta)]
    assert_close(open_picture(with_chunks(saved(turned, "PNG"), *texts)), corners())


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_colours_of_another_profile_are_shown_in_srgb(kind):
    stored = Image.merge("RGB", [corners().split()[band] for band in (1, 0, 2)])
    shown = open_picture(saved(stored, kind, icc_profile=swapped_profile()))
    assert_close(shown, corners(), 2)
    assert shown.info == {}
    assert_close(as_picture(shown), shown)


def test_transparent_colours_of_another_profile_are_shown_in_srgb_over_white():
    stored = Image.merge("RGB", [corners().split()[band] for band in (1, 0, 2)]).convert("RGBA")
    stored.paste((0, 0, 0, 0), (0, 0, 30, 40))
    seen = open_picture(saved(stored, "PNG", icc_profile=swapped_profile()))
    expected = corners()
    expected.paste((255, 255, 255), (0, 0, 30, 40))
    assert_close(seen, expected, 2)


def test_a_png_s_profile_may_be_longer_than_a_megabyte():
    profile = swapped_profile()
    long = struct.pack(">I", len(profile) + 1_500_000) + profile[4:] + b"\0" * 1_500_000
    stored = Image.merge("RGB", [corners().split()[band] for band in (1, 0, 2)])
    content = with_chunks(saved(stored, "PNG"), chunk(b"iCCP", b"wide\0\0" + zlib.compress(long)))
    assert_close(open_picture(content), corners(), 2)


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("profile", [SRGB, b"no profile", SRGB[:200], b""], ids=["sRGB", "nonsense", "cut", "none"])
def test_pixels_stay_as_they_are_where_the_profile_is_srgb_or_broken(profile):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    assert_close(open_picture(saved(noise, "PNG", icc_profile=profile)), noise)


def test_a_profile_of_other_colours_than_the_picture_s_is_ignored():
    grey = Image.new("L", (4, 4), 90)
    assert open_picture(saved(grey, "PNG", icc_profile=swapped_profile())).getpixel((0, 0)) == (90, 90, 90)


def modes() -> dict[str, object]:
    grey = corners().convert("L")
    return {
        "RGB": corners(),
        "L": grey,
        "P": corners().convert("P", palette=Image.Palette.ADAPTIVE),
        "RGBA": corners().convert("RGBA"),
        "LA": grey.convert("LA"),
        "CMYK": corners().convert("CMYK"),
        "16 bits": Image.fromarray(np.asarray(grey).astype(np.uint16) * 257),
        "floating point": grey.convert("F"),
        "array": np.asarray(corners()),
        "grey array": np.asarray(grey),
        "grey array with a channel": np.asarray(grey)[..., None],
        "array in columns": np.asfortranarray(np.asarray(corners())),
        "file": io.BytesIO(saved(corners(), "PNG")),
        "content": saved(corners(), "PNG"),
    }


@pytest.mark.parametrize("kind", modes())
def test_whatever_holds_a_picture_goes_through_the_one_door(kind):
    grey = kind in ("L", "LA", "16 bits", "floating point") or kind.startswith("grey")
    assert_close(as_picture(modes()[kind]), corners().convert("L") if grey else corners(), 1)


def test_a_picture_that_is_open_already_is_turned_and_laid_over_white():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = corners().transpose(Image.Transpose.ROTATE_90).convert("RGBA")
    turned.putpixel((0, 0), (0, 0, 0, 0))
    stored = Image.open(io.BytesIO(saved(turned, "PNG", exif=exif)))
    seen = as_picture(stored)
    assert seen.size == (60, 40)
    assert seen.getpixel((59, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    "given",
    [
        None,
        7,
        [1, 2],
        np.zeros((4, 4, 3)),
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, "u1"),
    ],
    ids=["nothing", "number", "list", "floating point", "channels first", "empty", "a line"],
)
def test_what_holds_no_picture_is_refused_in_words(given):
    with pytest.raises(PictureError, match=r"is not a picture\. Pass"):
        as_picture(given)
